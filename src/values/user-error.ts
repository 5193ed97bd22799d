/** Something the user can put right. Its message is the whole of what they are shown: one clear sentence. */
export class UserError extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'UserError';
	}
}
