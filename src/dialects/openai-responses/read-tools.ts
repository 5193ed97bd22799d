import type { Tool, ToolChoice } from '../../contract/conversation.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { shownType } from '../openai-chat/read-parts.ts';
import type { LossList } from './loss-list.ts';
import type { CallableTool, ToolNames } from './tool-names.ts';

/** The tools that any model can be told of; those that only OpenAI has are lost, which matters where there are no others. */
export function readTools({ all, others }: ToolNames, losses: LossList): readonly Tool[] {
	const tools = [...all].map(([name, tool]) => readTool(name, tool));
	for (const { type } of others) losses.add(`the tool type ${shownType(type)}`, tools.length === 0);
	return tools;
}

function readTool(name: string, { isCustom, definition }: CallableTool): Tool {
	const { description: told, parameters, strict, format } = definition;
	const description = typeof told === 'string' ? told : undefined;
	if (isCustom) return { is: 'custom', name, description, format: format ?? undefined };
	return {
		is: 'function',
		name,
		description,
		schema: parameters ?? undefined,
		strict: typeof strict === 'boolean' ? strict : undefined,
	};
}

/** Which tools the model is to call. A choice among some of them leaves the others out. */
export function readToolChoice(
	choice: unknown,
	tools: readonly Tool[],
	names: ToolNames,
	losses: LossList,
): { readonly tools: readonly Tool[]; readonly toolChoice: ToolChoice | undefined } {
	if (choice === 'auto' || choice === 'none' || choice === 'required') return { tools, toolChoice: { is: choice } };
	if (!isObject(choice)) return { tools, toolChoice: undefined };
	const { type } = choice;
	if (type === 'allowed_tools' && Array.isArray(choice.tools)) {
		const allowed = new Set(choice.tools.filter(isObject).map((tool) => nameOf(tool, names)));
		const toolChoice = { is: choice.mode === 'required' ? 'required' : 'auto' } as const;
		return { tools: tools.filter(({ name }) => allowed.has(name)), toolChoice };
	}
	const name = nameOf(choice, names);
	if (name !== undefined) return { tools, toolChoice: { is: 'tool', name } };
	losses.add(`the forced tool type ${shownType(type)}`, true);
	return { tools, toolChoice: undefined };
}

function nameOf({ type, name, namespace }: JsonObject, names: ToolNames): string | undefined {
	const isCallable = type === 'function' || type === 'custom';
	return isCallable && typeof name === 'string' ? names.plainName(name, namespace) : undefined;
}
