import type { Conversation, Tool } from '../../contract/conversation.ts';
import type { ProviderAsk, RenderedRequest } from '../../contract/dialect.ts';
import type { JsonObject } from '../../values/json.ts';
import { JsonText } from '../../values/json-members.ts';
import { impersonalName } from '../end-user.ts';
import { limitBy } from '../limit-members.ts';
import { continuationInstruction } from '../openai-chat/continued-messages.ts';
import { isStreamed, settingsFor } from '../render-members.ts';
import { withPlainNames } from '../tool-names.ts';
import { toolSchema } from '../tool-schema.ts';
import { answerSchema } from './answer-schema.ts';
import { limitNames } from './messages-body.ts';
import { type RenderedMessage, renderMessages } from './render-messages.ts';
import { refusesPrefill, refusesSampling, renderThinking } from './render-thinking.ts';

/** Tokens that an answer may have where nobody says: this API wants to be told. */
const USUAL_MAX_TOKENS = 8192;

const goOn = { type: 'text', text: 'Go on from where your last message ends.' };

/** A request of another dialect in the words of this one. What it cannot be told is left out: `lossesOf` names it. */
export function renderConversation(ask: ProviderAsk, conversation: Conversation): RenderedRequest {
	const body = new JsonText(JSON.stringify(messagesRequest(ask, conversation)));
	const set = settingsFor(body, ask.members, limitNames);
	const stream = isStreamed(ask, set);
	return { body: body.render({ ...(stream ? { stream: 'true' } : {}), ...set }), stream, choices: 1 };
}

function messagesRequest(ask: ProviderAsk, given: Conversation): JsonObject {
	const conversation = withPlainNames(given);
	const { model, way, shown, abilities, members } = ask;
	const { tools } = conversation;
	const user = impersonalName(conversation.user);
	const { system, messages } = renderMessages(conversation);
	const isPrefill = shown !== '' && way === 'prefill';
	const maxTokens = maxTokensOf(limitBy(members, conversation.maxTokens), abilities?.maxOutputTokens);
	const { thinking, effort } = isPrefill ? {} : renderThinking(conversation, model, maxTokens);
	const choice = toolChoiceOf(conversation);
	const outputConfig = outputConfigOf(conversation, effort);
	return {
		model,
		max_tokens: maxTokens,
		...(system.length === 0 ? {} : { system }),
		messages: shown === '' ? answerable(messages, model) : continued(messages, shown, isPrefill),
		...(tools.length === 0 ? {} : { tools: tools.map(toolOf) }),
		...(choice === undefined ? {} : { tool_choice: choice }),
		...stopOf(conversation),
		...samplingOf(conversation, model, thinking !== undefined),
		...(thinking === undefined ? {} : { thinking }),
		...(outputConfig === undefined ? {} : { output_config: outputConfig }),
		...(user === undefined ? {} : { metadata: { user_id: user } }),
	};
}

function maxTokensOf(wish: number | undefined, most: number | undefined): number {
	const wished = wish ?? most ?? USUAL_MAX_TOKENS;
	return most === undefined ? wished : Math.min(wished, most);
}

/** The text so far as the assistant's, joined to a beginning that the caller gave it. */
function continued(
	messages: readonly RenderedMessage[],
	shown: string,
	isPrefill: boolean,
): readonly RenderedMessage[] {
	const last = messages.at(-1);
	const begun = last?.role === 'assistant' ? last.content : [];
	const before = last?.role === 'assistant' ? messages.slice(0, -1) : messages;
	const answer: RenderedMessage = { role: 'assistant', content: [...begun, { type: 'text', text: shown }] };
	if (isPrefill) return [...before, answer];
	const instruction = { type: 'text', text: continuationInstruction };
	return [...before, answer, { role: 'user', content: [instruction] }];
}

/**
 * The beginning of an answer, as the caller gave it, must not end in white space; a model that goes on with no message of its own
 * is asked to, in words.
 */
function answerable(messages: readonly RenderedMessage[], model: string): readonly RenderedMessage[] {
	const last = messages.at(-1);
	const block = last?.content.at(-1);
	if (last?.role !== 'assistant') return messages;
	if (refusesPrefill(model)) return [...messages, { role: 'user', content: [goOn] }];
	if (block === undefined || typeof block.text !== 'string') return messages;
	const content = [...last.content.slice(0, -1), { ...block, text: block.text.trimEnd() }];
	return [...messages.slice(0, -1), { ...last, content }];
}

function toolOf(tool: Tool): JsonObject {
	const { name, description } = tool;
	const about = description === undefined ? {} : { description };
	if (tool.is === 'custom') {
		// It takes a text: as a function, one of a single member.
		const schema = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] };
		return { name, ...about, input_schema: schema };
	}
	const mark = tool.cached === true ? { cache_control: { type: 'ephemeral' } } : {};
	return { name, ...about, input_schema: toolSchema(tool.schema), ...mark };
}

function toolChoiceOf({ tools, toolChoice, parallelCalls }: Conversation): JsonObject | undefined {
	if (tools.length === 0) return undefined;
	if (toolChoice?.is === 'none') return { type: 'none' };
	const single = parallelCalls === false ? { disable_parallel_tool_use: true } : undefined;
	if (toolChoice === undefined) return single && { type: 'auto', ...single };
	if (toolChoice.is === 'tool') return { type: 'tool', name: toolChoice.name, ...single };
	return { type: toolChoice.is === 'required' ? 'any' : 'auto', ...single };
}

/** White space alone is refused. */
function stopOf({ stop }: Conversation): JsonObject {
	const words = stop.filter((word) => word.trim() !== '');
	return words.length === 0 ? {} : { stop_sequences: words };
}

/** Where it thinks, and in newer models always, a model samples as it likes; elsewhere by one of the two at most. */
function samplingOf({ sampling }: Conversation, model: string, thinks: boolean): JsonObject {
	if (thinks || refusesSampling(model)) return {};
	const { temperature, topP, topK } = sampling;
	return {
		...(temperature === undefined ? {} : { temperature: Math.min(1, temperature) }),
		...(topP === undefined || temperature !== undefined ? {} : { top_p: topP }),
		...(topK === undefined ? {} : { top_k: topK }),
	};
}

function outputConfigOf({ format }: Conversation, effort: string | undefined): JsonObject | undefined {
	if (format?.is !== 'schema' && effort === undefined) return undefined;
	return {
		...(effort === undefined ? {} : { effort }),
		...(format?.is === 'schema' ? { format: { type: 'json_schema', schema: answerSchema(format.schema) } } : {}),
	};
}
