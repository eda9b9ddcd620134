import { configJsonSchema } from '../../src/config/json-schema.ts';
import { fieldTable } from './fields.ts';
import { page } from './markdown.ts';

/** Every key, with what holds when it is left out. */
export function configurationPage(): string {
  const { properties = {} } = configJsonSchema();
  const top = Object.entries(properties).filter(([, schema]) => schema.properties === undefined);
  const sections = Object.entries(properties).filter(([, schema]) => schema.properties !== undefined);
  return page(
    'Configuration',
    'src/config/schema.ts',
    'The file is YAML: `--config FILE`, else `CORDON_CONFIG`, else `cordon.yaml` in the working directory, else the defaults. ' +
      '`TEMPORAL_ADDRESS` and `DATABASE_URL` in the environment win over the file. Unknown keys are errors; ' +
      '`cordon config check` names each with its line. An example with every section is ' +
      '[config/cordon.example.yaml](../../config/cordon.example.yaml). A secret never stands in the file: it is named, as ' +
      '`{ env: NAME }` or `{ file: PATH }`.',
    fieldTable({ properties: Object.fromEntries(top) }),
    ...sections.flatMap(([name, schema]) => [
      `## ${name}`,
      ...(Object.hasOwn(schema, 'default') ? [] : ['May be left out as a whole; then there is none.']),
      fieldTable(schema, name),
    ]),
  );
}
