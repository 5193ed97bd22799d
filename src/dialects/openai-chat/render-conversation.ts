import type { AnswerFormat, Conversation, ReasoningWish, Tool, ToolChoice } from '../../contract/conversation.ts';
import type { ProviderAsk } from '../../contract/dialect.ts';
import type { JsonObject } from '../../values/json.ts';
import { shortName } from '../end-user.ts';
import { toolSchema } from '../tool-schema.ts';
import { hasFixedSampling, isNewerOpenAi, takesEffort, takesVerbosity } from './model-kinds.ts';
import { renderMessages } from './render-messages.ts';

type Asked = Pick<ProviderAsk, 'model' | 'abilities' | 'foreign'>;

/** A custom tool takes a text, and only OpenAI has such: to others it is a function of one. */
const customSchema = {
	type: 'object',
	properties: { input: { type: 'string' } },
	required: ['input'],
	additionalProperties: false,
};

/** Up to how many tokens of thoughts each effort stands for. */
const efforts = [
	{ effort: 'low', most: 4096 },
	{ effort: 'medium', most: 16_384 },
	{ effort: 'high', most: Number.POSITIVE_INFINITY },
] as const;

/**
 * A conversation as the body of a chat request, without what says how the answer is to come.
 * What has no words here has been told before (`conversationLosses`), and is left out.
 */
export function renderConversation(conversation: Conversation, asked: Asked): JsonObject {
	const { tools, user, choices, format } = conversation;
	return withoutUndefined({
		model: asked.model,
		messages: renderMessages(conversation.messages, asked.foreign),
		...(tools.length === 0 ? {} : toolMembers(conversation)),
		...lengthMembers(conversation, asked),
		...samplingMembers(conversation, asked),
		response_format: format === undefined ? undefined : formatMember(format),
		verbosity: takesVerbosity(asked.model) ? conversation.verbosity : undefined,
		reasoning_effort: takesEffort(asked.model, asked.abilities) ? effortOf(conversation.reasoning) : undefined,
		user: shortName(user),
		n: choices === 1 ? undefined : choices,
	});
}

function toolMembers({ tools, toolChoice, parallelCalls }: Conversation): JsonObject {
	return {
		tools: tools.map(toolMember),
		tool_choice: toolChoice === undefined ? undefined : choiceMember(toolChoice),
		parallel_tool_calls: parallelCalls,
	};
}

function toolMember(tool: Tool): JsonObject {
	const { name, description } = tool;
	const called =
		tool.is === 'custom'
			? { name, description, parameters: customSchema }
			: {
					name,
					description,
					parameters: tool.schema === undefined ? undefined : toolSchema(tool.schema),
					strict: tool.strict,
				};
	return { type: 'function', function: withoutUndefined(called) };
}

function choiceMember(choice: ToolChoice): unknown {
	return choice.is === 'tool' ? { type: 'function', function: { name: choice.name } } : choice.is;
}

function lengthMembers({ maxTokens }: Conversation, { model, abilities }: Asked): JsonObject {
	if (maxTokens === undefined) return {};
	const most = Math.min(maxTokens, abilities?.maxOutputTokens ?? Number.POSITIVE_INFINITY);
	return isNewerOpenAi(model) ? { max_completion_tokens: most } : { max_tokens: most };
}

function samplingMembers({ sampling, stop }: Conversation, { model }: Asked): JsonObject {
	const { temperature, topP, seed, frequencyPenalty, presencePenalty } = sampling;
	if (hasFixedSampling(model)) return { seed };
	return {
		temperature,
		top_p: topP,
		frequency_penalty: frequencyPenalty,
		presence_penalty: presencePenalty,
		seed,
		stop: stop.length === 0 ? undefined : stop,
	};
}

function formatMember(format: AnswerFormat): JsonObject {
	if (format.is === 'json') return { type: 'json_object' };
	const { name = 'answer', description, schema, strict } = format;
	return { type: 'json_schema', json_schema: withoutUndefined({ name, description, schema, strict }) };
}

/** In OpenAI's words; undefined where nothing is wished for. */
export function effortOf(wish: ReasoningWish | undefined): string | undefined {
	if (wish?.effort !== undefined) return wish.effort === 'max' ? 'xhigh' : wish.effort;
	const { budget } = wish ?? {};
	return budget === undefined ? undefined : efforts.find(({ most }) => budget <= most)?.effort;
}

function withoutUndefined(members: JsonObject): JsonObject {
	return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
