type Json = Record<string, unknown>;

/** Characters, by where the text stands. https://docs.slack.dev/reference/block-kit/blocks */
const TEXT_LIMITS: Readonly<Record<string, number>> = {
  section: 3_000,
  field: 2_000,
  header: 150,
  button: 75,
  label: 2_000,
  title: 24,
  submit: 24,
  close: 24,
};

/** The first limit of Block Kit that a call breaks, in words, or undefined. The emulator checks none of them. */
export function blockKitFault(method: string, sent: Json): string | undefined {
  if (method.startsWith('chat.')) return blocksFault(sent['blocks'], 50);
  if (method !== 'views.open' && method !== 'views.update' && method !== 'views.push') return undefined;
  const view = sent['view'] as Json;
  if (isLonger(view['private_metadata'], 3_000)) return 'private_metadata is longer than 3000 characters';
  const parts = ['title', 'submit', 'close'].map((part) => textFault(view[part], part));
  return parts.find(Boolean) ?? blocksFault(view['blocks'], 100);
}

function blocksFault(blocks: unknown, most: number): string | undefined {
  if (blocks === undefined) return undefined;
  if (!Array.isArray(blocks)) return 'blocks is not a list';
  if (blocks.length > most) return `${blocks.length} blocks, at most ${most} are allowed`;
  const ids = blocks.map((block: Json) => block['block_id']).filter((id) => id !== undefined);
  if (new Set(ids).size < ids.length) return 'a block_id is used twice';
  return blocks.map(blockFault).find(Boolean);
}

function blockFault(block: Json): string | undefined {
  if (isLonger(block['block_id'], 255)) return 'a block_id is longer than 255 characters';
  const elements = (block['elements'] ?? []) as Json[];
  const fields = (block['fields'] ?? []) as Json[];
  if (block['type'] === 'section' && !block['text'] && fields.length === 0) return 'a section needs text or fields';
  if (fields.length > 10) return `${fields.length} fields in a section, at most 10 are allowed`;
  if (block['type'] === 'actions' && elements.length > 25) return 'more than 25 elements in an actions block';
  if (block['type'] === 'context' && elements.length > 10) return 'more than 10 elements in a context block';
  const actionIds = elements.map((element) => element['action_id']).filter((id) => id !== undefined);
  if (new Set(actionIds).size < actionIds.length) return 'an action_id is used twice in a block';
  return [
    textFault(block['text'], String(block['type'])),
    textFault(block['label'], 'label'),
    ...fields.map((field) => textFault(field, 'field')),
    ...[...elements, block['accessory'] as Json | undefined].map(elementFault),
  ].find(Boolean);
}

function elementFault(element: Json | undefined): string | undefined {
  if (!element) return undefined;
  if (isLonger(element['value'], 2_000)) return 'the value of a button is longer than 2000 characters';
  if (isLonger(element['action_id'], 255)) return 'an action_id is longer than 255 characters';
  return textFault(element['text'], String(element['type']));
}

function isLonger(value: unknown, most: number): boolean {
  return typeof value === 'string' && value.length > most;
}

/** An empty text is refused as well as one that is too long. */
function textFault(text: unknown, where: string): string | undefined {
  if (typeof text !== 'object' || text === null) return undefined;
  const words = (text as Json)['text'];
  const length = typeof words === 'string' ? words.length : 0;
  const most = TEXT_LIMITS[where] ?? 3_000;
  if (length === 0) return `the text of a ${where} is empty`;
  return length > most ? `the text of a ${where} has ${length} characters, at most ${most} are allowed` : undefined;
}
