import type { ClientRequest } from '../../contract/dialect.ts';
import { ChunkStreamWriter } from '../chunk-stream-writer.ts';
import { CompletionChunkWriter } from './chunk-writer.ts';

/** Writes an answer as the server-sent events of a streamed completion. */
export class CompletionStreamWriter extends ChunkStreamWriter {
	constructor({ includeUsage }: Pick<ClientRequest, 'includeUsage'>, requestId: string) {
		super(new CompletionChunkWriter(includeUsage, requestId));
	}
}
