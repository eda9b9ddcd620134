/**
 * Terraform's JSON syntax (a file that ends in `.tf.json`), in which every string is a template:
 * https://developer.hashicorp.com/terraform/language/syntax/json
 */
export function terraform(
  providers: readonly string[],
  blocks: { readonly [block in 'variable' | 'locals' | 'data' | 'resource']?: object },
): object {
  const sources = providers.map((name): [string, object] => [name, { source: `hashicorp/${name}` }]);
  return { terraform: { required_providers: Object.fromEntries(sources) }, ...blocks };
}

/** The text itself, where Terraform would begin a template. */
export function literal(text: string): string {
  return text.replaceAll('${', '$${').replaceAll('%{', '%%{');
}

/** A variable that has to be set, unless its value is known already. */
export function variable(description: string, value?: string): object {
  return {
    type: 'string',
    description: literal(description),
    ...(value === undefined ? {} : { default: literal(value) }),
  };
}
