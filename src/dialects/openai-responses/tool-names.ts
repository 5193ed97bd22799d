import { isObject, type JsonObject } from '../../values/json.ts';

/** A tool that the model can call, as the caller named it. */
export interface CallableTool {
	readonly name: string;
	readonly namespace: string | undefined;
	/** It takes a text and no JSON. */
	readonly isCustom: boolean;
	readonly definition: JsonObject;
}

/** No name that other APIs take is longer, characters. */
const LONGEST_NAME = 64;

/**
 * The tools of a request under names of one kind: other APIs know no namespaces. A name that stands once stays as it is, else
 * the namespace goes in front of it.
 */
export class ToolNames {
	readonly #tools = new Map<string, CallableTool>();
	/** Tools that no other API can be told of, by their types. */
	readonly others: JsonObject[] = [];

	/** @param tools as the request gives them */
	constructor(tools: unknown) {
		this.#addAll(tools, undefined);
	}

	/** By the names under which others are told of them. */
	get all(): ReadonlyMap<string, CallableTool> {
		return this.#tools;
	}

	/** The name under which others know a tool. */
	plainName(name: string, namespace: unknown): string {
		for (const [plain, tool] of this.#tools) {
			if (tool.name === name && (tool.namespace ?? null) === (namespace ?? null)) return plain;
		}
		return name;
	}

	#addAll(tools: unknown, namespace: string | undefined): void {
		for (const tool of Array.isArray(tools) ? tools : []) {
			if (!isObject(tool)) continue;
			const { type, name } = tool;
			const isCustom = type === 'custom';
			if (type === 'namespace' && namespace === undefined && typeof name === 'string') this.#addAll(tool.tools, name);
			else if ((isCustom || type === 'function') && typeof name === 'string') {
				this.#tools.set(this.#freeName(name, namespace), { name, namespace, isCustom, definition: tool });
			} else this.others.push(tool);
		}
	}

	#freeName(name: string, namespace: string | undefined): string {
		if (namespace === undefined || !this.#tools.has(name)) return name;
		const long = `${namespace}__${name}`.slice(-LONGEST_NAME);
		for (let count = 2, free = long; ; count++) {
			if (!this.#tools.has(free)) return free;
			free = `${count}_${long}`.slice(0, LONGEST_NAME);
		}
	}
}
