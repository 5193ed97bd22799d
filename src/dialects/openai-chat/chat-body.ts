import type { Edits } from '../../values/json-members.ts';
import { ListBody } from '../list-body.ts';

export const dialectName = 'openai-chat';

/** The body of a chat request: its text, and where its messages stand. */
export class ChatBody extends ListBody {
	constructor(text: string, edits: Edits = {}) {
		super(text, edits, 'messages');
	}
}
