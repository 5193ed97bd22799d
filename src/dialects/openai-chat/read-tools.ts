import type { Loss, Tool, ToolChoice } from '../../contract/conversation.ts';
import { asObject, isObject, isSomething, type JsonObject } from '../../values/json.ts';
import { objectsIn } from '../read-members.ts';
import { shownType, wrong } from './read-parts.ts';

/** The tools of a request, those in the older form, `functions`, among them. */
export function readTools(body: JsonObject, losses: Loss[]): readonly Tool[] {
	const hosted: string[] = [];
	const tools = objectsIn(body, 'tools').flatMap((tool, index): Tool[] => {
		const at = `tools[${index}]`;
		if (tool.type === 'custom') return [customTool(asObject(tool.custom) ?? {}, at)];
		if (tool.type !== 'function' && !isObject(tool.function)) {
			hosted.push(`the tool type ${shownType(tool.type)}`);
			return [];
		}
		const called = functionTool(asObject(tool.function) ?? {}, at);
		return [isSomething(tool.cache_control) ? { ...called, cached: true } : called];
	});
	const functions = objectsIn(body, 'functions').map((one, index) => functionTool(one, `functions[${index}]`));
	const all = [...tools, ...functions];
	// Beside functions of the caller, which the answer is about, what a provider does by itself is a help.
	losses.push(...hosted.map((what) => ({ what, isNeeded: all.length === 0 })));
	return all;
}

function functionTool(called: JsonObject, at: string): Extract<Tool, { is: 'function' }> {
	const { description, parameters, strict } = called;
	return {
		is: 'function',
		name: toolName(called, at),
		description: typeof description === 'string' ? description : undefined,
		schema: parameters ?? undefined,
		strict: typeof strict === 'boolean' ? strict : undefined,
	};
}

function customTool(custom: JsonObject, at: string): Tool {
	const { description, format } = custom;
	return {
		is: 'custom',
		name: toolName(custom, at),
		description: typeof description === 'string' ? description : undefined,
		format: format ?? undefined,
	};
}

function toolName({ name }: JsonObject, at: string): string {
	if (typeof name === 'string' && name !== '') return name;
	throw wrong(`${at}.name`, 'must be a string');
}

/** Which tools are to be called, in the older form (`function_call`) or in today's. */
export function readToolChoice(body: JsonObject, losses: Loss[]): ToolChoice | undefined {
	const choice = body.tool_choice ?? undefined;
	if (choice === undefined) return readFunctionChoice(body.function_call ?? undefined);
	const mode = modeOf(choice);
	if (mode !== undefined) return mode;
	if (!isObject(choice))
		throw wrong('tool_choice', "must be 'auto', 'none', 'required' or an object that names a tool");
	if (choice.type === 'allowed_tools') {
		losses.push({ what: 'allowed_tools', isNeeded: false });
		return modeOf((asObject(choice.allowed_tools) ?? choice).mode) ?? { is: 'auto' };
	}
	const named = asObject(choice.function) ?? asObject(choice.custom);
	if (named !== undefined) return { is: 'tool', name: toolName(named, 'tool_choice') };
	losses.push({ what: `the forced tool type ${shownType(choice.type)}`, isNeeded: true });
	return undefined;
}

function readFunctionChoice(choice: unknown): ToolChoice | undefined {
	if (choice === undefined) return undefined;
	const mode = modeOf(choice);
	if (mode !== undefined) return mode;
	if (!isObject(choice)) throw wrong('function_call', "must be 'auto', 'none' or an object that names a function");
	return { is: 'tool', name: toolName(choice, 'function_call') };
}

function modeOf(mode: unknown): ToolChoice | undefined {
	if (mode === 'auto' || mode === 'none' || mode === 'required') return { is: mode };
	// Anthropic's word, which some servers take.
	return mode === 'any' ? { is: 'required' } : undefined;
}
