import type { AnswerFormat, Conversation, ReasoningWish, Tool, ToolChoice } from '../../contract/conversation.ts';
import type { ProviderAsk } from '../../contract/dialect.ts';
import { isObject, type JsonObject } from '../../values/json.ts';
import { shortName } from '../end-user.ts';
import { effortOf } from '../openai-chat/efforts.ts';
import { hasFixedSampling, takesEffort, takesVerbosity } from '../openai-chat/model-kinds.ts';
import { withPlainNames } from '../tool-names.ts';
import { toolSchema } from '../tool-schema.ts';
import { renderItems } from './render-items.ts';

/**
 * The body of a request for a response that asks this; what is undefined in it is left out. Nobody is to keep the answer. What
 * has no words here has been told before (`lossesOf`).
 */
export function conversationBody(
	given: Conversation,
	{ model, abilities, foreign }: Pick<ProviderAsk, 'model' | 'abilities' | 'foreign'>,
): JsonObject {
	const conversation = withPlainNames(given);
	const { tools, format, reasoning } = conversation;
	const sampling = hasFixedSampling(model) ? {} : conversation.sampling;
	const verbosity = takesVerbosity(model) ? conversation.verbosity : undefined;
	const text = { ...(format === undefined ? {} : { format: renderFormat(format) }), verbosity };
	const isTold = reasoning !== undefined && takesEffort(model, abilities);
	return {
		input: renderItems(conversation.messages, foreign),
		...(tools.length === 0 ? {} : toolMembers(conversation)),
		max_output_tokens: conversation.maxTokens,
		temperature: sampling.temperature,
		top_p: sampling.topP,
		text: format === undefined && verbosity === undefined ? undefined : text,
		reasoning: isTold ? renderReasoning(reasoning, model) : undefined,
		user: shortName(conversation.user),
		store: false,
	};
}

/** Without tools there is nothing to choose, and to say so is refused. */
function toolMembers({ tools, toolChoice, parallelCalls }: Conversation): JsonObject {
	return {
		tools: tools.map(renderTool),
		tool_choice: toolChoice === undefined ? undefined : renderChoice(toolChoice, tools),
		parallel_tool_calls: parallelCalls,
	};
}

/** Here parameters are strict unless it says otherwise; elsewhere they are not. */
function renderTool(tool: Tool): JsonObject {
	const { name, description } = tool;
	if (tool.is === 'custom') return { type: 'custom', name, description, format: flatFormat(tool.format) };
	return { type: 'function', name, description, parameters: toolSchema(tool.schema), strict: tool.strict ?? false };
}

/** Chat completions put the members of a grammar one level deeper. */
function flatFormat(format: unknown): unknown {
	if (!isObject(format) || !isObject(format.grammar)) return format;
	return { type: format.type, ...format.grammar };
}

function renderChoice(choice: ToolChoice, tools: readonly Tool[]): unknown {
	if (choice.is !== 'tool') return choice.is;
	const { name } = choice;
	const isCustom = tools.some((tool) => tool.is === 'custom' && tool.name === name);
	return { type: isCustom ? 'custom' : 'function', name };
}

function renderFormat(format: AnswerFormat): JsonObject {
	if (format.is === 'json') return { type: 'json_object' };
	const { name = 'answer', description, schema, strict } = format;
	return { type: 'json_schema', name, description, schema, strict };
}

function renderReasoning(wish: ReasoningWish, model: string): JsonObject {
	return { effort: effortOf(wish, model), summary: wish.isShown ? 'auto' : undefined };
}
