import type { AnswerFormat, Conversation, Tool, ToolChoice } from '../../contract/conversation.ts';
import type { ProviderAsk } from '../../contract/dialect.ts';
import type { JsonObject } from '../../values/json.ts';
import { shortName } from '../end-user.ts';
import { withPlainNames } from '../tool-names.ts';
import { toolSchema } from '../tool-schema.ts';
import { effortOf } from './efforts.ts';
import { hasFixedSampling, isNewerOpenAi, takesEffort, takesVerbosity, thinksOrCalls } from './model-kinds.ts';
import { renderMessages } from './render-messages.ts';

type Asked = Pick<ProviderAsk, 'model' | 'abilities' | 'foreign'>;

/** A custom tool takes a text, and only OpenAI has such: to others it is a function of one. */
const customSchema = {
	type: 'object',
	properties: { input: { type: 'string' } },
	required: ['input'],
	additionalProperties: false,
};

/**
 * A conversation as the body of a chat request, without what says how the answer is to come.
 * What has no words here has been told before (`conversationLosses`), and is left out.
 */
export function renderConversation(given: Conversation, asked: Asked): JsonObject {
	const conversation = withPlainNames(given);
	const { tools, user, choices, format } = conversation;
	return withoutUndefined({
		model: asked.model,
		messages: renderMessages(conversation.messages, asked),
		...(tools.length === 0 ? {} : toolMembers(conversation)),
		...lengthMembers(conversation, asked),
		...samplingMembers(conversation, asked),
		response_format: format === undefined ? undefined : formatMember(format),
		verbosity: takesVerbosity(asked.model) ? conversation.verbosity : undefined,
		reasoning_effort: effortMember(conversation, asked),
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

function effortMember({ tools, reasoning }: Conversation, { model, abilities }: Asked): string | undefined {
	// It has to be told, as some of these models would think by themselves.
	if (tools.length > 0 && thinksOrCalls(model)) return 'none';
	return takesEffort(model, abilities) ? effortOf(reasoning, model) : undefined;
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

function withoutUndefined(members: JsonObject): JsonObject {
	return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
