import { JsonText } from '../../values/json-members.ts';

export const dialectName = 'openai-embeddings';

/** The body of a request for embeddings. */
export class EmbeddingsBody extends JsonText {}
