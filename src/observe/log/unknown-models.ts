/** More names than this are not remembered, so that whoever sends a new one each time cannot fill the log. */
const mostNames = 100;

/** What a name of a model looks like; anything else may be what a caller put there by mistake, such as a key or a prompt. */
const name = /^[\w.:/@+-]{1,100}$/;

/** Says once of each name that nobody knows it. */
export class UnknownModelLog {
	readonly #log: { warn(line: object, text: string): void };
	readonly #said = new Set<string>();

	constructor(log: { warn(line: object, text: string): void }) {
		this.#log = log;
	}

	add(model: string, route: string): void {
		const isName = name.test(model) && !/^(?:sk|gsk|xai|AIza)[-_\w]{20,}$/.test(model);
		const shown = isName ? model : '(not a name)';
		if (this.#said.has(shown) || this.#said.size === mostNames) return;
		this.#said.add(shown);
		const text = `a caller asks for a model that is neither a profile nor a target, and gets profile '${route}': name it under aliases, or set server.unknownModel: reject`;
		this.#log.warn({ model: shown, route }, text);
	}
}
