import type { ClientRequest } from '../../contract/dialect.ts';
import { ChunkStreamWriter } from '../chunk-stream-writer.ts';
import { CallerNames } from '../tool-names.ts';
import { ChunkWriter } from './chunk-writer.ts';

/** Writes an answer as the server-sent events of a streamed chat completion. */
export class ChatStreamWriter extends ChunkStreamWriter {
	constructor(request: Pick<ClientRequest, 'includeUsage' | 'conversation'>, requestId: string) {
		super(new ChunkWriter(request.includeUsage, requestId, new CallerNames(request)));
	}
}
