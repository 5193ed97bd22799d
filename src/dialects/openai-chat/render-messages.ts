import type { Message, MessagePart, ToolCallContent, ToolResultContent } from '../../contract/conversation.ts';
import type { ProviderAsk } from '../../contract/dialect.ts';
import type { JsonObject } from '../../values/json.ts';
import { withResultsBehindCalls } from '../results-behind-calls.ts';
import { withInstructionsFirst } from './instructions.ts';
import { recallsThoughts, signsCalls, takesLaterInstructions } from './model-kinds.ts';
import { callId, contentOf, isSaidByUser, type SaidByUser } from './render-parts.ts';

/** Stands before the pictures and files that a tool returned: the messages of tools are text. */
const returnedByTools = 'The tool returned:';

/**
 * What Google takes in place of its signature on a call that it did not make.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
const unsigned = { extra_content: { google: { thought_signature: 'skip_thought_signature_validator' } } };

/**
 * The messages of a chat. What the model said in one turn is one message, as what tools returned has to follow right behind
 * their calls: pictures and files among it come behind all of it.
 * @param foreign of the ask: ids of files that another provider knows
 */
export function renderMessages(
	messages: readonly Message[],
	{ model, foreign }: Pick<ProviderAsk, 'model' | 'foreign'>,
): JsonObject[] {
	const rendered: JsonObject[] = [];
	let returned: SaidByUser[] = [];
	let turn: MessagePart[][] = [];
	const endTurn = () => {
		const message = assistantMessage(turn, model);
		if (message !== undefined) rendered.push(message);
		turn = [];
	};
	const user = (parts: readonly SaidByUser[]) => {
		const all = [...returned, ...parts];
		if (all.length > 0) rendered.push({ role: 'user', content: contentOf(all, foreign) });
		returned = [];
	};
	for (const { role, parts } of inOrder(messages, model)) {
		if (role === 'assistant') {
			user([]);
			turn.push([...parts]);
			continue;
		}
		endTurn();
		const results = parts.filter((part) => part.is === 'tool-result');
		const said = parts.filter(isSaidByUser);
		rendered.push(...results.map((result) => toolMessage(result, model)));
		returned.push(...results.flatMap(beyondText));
		if (role === 'system') rendered.push({ role, content: contentOf(said, foreign) });
		else if (said.length > 0) user(said);
	}
	endTurn();
	user([]);
	return rendered;
}

/** Everything where a chat wants it. */
function inOrder(messages: readonly Message[], model: string): readonly Message[] {
	return withInstructionsFirst(withResultsBehindCalls(messages), takesLaterInstructions(model));
}

function toolMessage({ id, parts, isError }: ToolResultContent, model: string): JsonObject {
	const text = parts.flatMap((part) => (part.is === 'text' ? part.text : [])).join('\n\n');
	return { role: 'tool', tool_call_id: callId(id, model), content: isError === true ? `Error: ${text}` : text };
}

function beyondText({ parts }: ToolResultContent): SaidByUser[] {
	const others = parts.filter(({ is }) => is !== 'text');
	return others.length === 0 ? [] : [{ is: 'text', text: returnedByTools }, ...others];
}

/** @param turn what it said, in one message or several; thoughts are nobody else's, but for models that ask for them */
function assistantMessage(turn: readonly (readonly MessagePart[])[], model: string): JsonObject | undefined {
	const texts = turn.map(spoken).filter((text) => text !== '');
	const calls = turn.flat().filter((part) => part.is === 'tool-call');
	const content = texts.join('\n\n');
	if (content === '' && calls.length === 0) return undefined;
	const thought = recallsThoughts(model) ? thoughtOf(turn.flat(), calls.length > 0) : '';
	const thoughts = thought === '' ? {} : { reasoning_content: thought };
	if (calls.length === 0) return { role: 'assistant', content, ...thoughts };
	const rendered = calls.map((call) => ({ ...toolCall(call, model), ...(signsCalls(model) ? unsigned : {}) }));
	return { role: 'assistant', content: content || null, ...thoughts, tool_calls: rendered };
}

/** Before a call there must be one, of whatever words. */
function thoughtOf(parts: readonly MessagePart[], isCalling: boolean): string {
	const texts = parts.flatMap((part) => (part.is === 'reasoning' && part.text !== '' ? part.text : []));
	return texts.join('\n\n') || (isCalling ? ' ' : '');
}

function spoken(parts: readonly MessagePart[]): string {
	return parts.map((part) => (part.is === 'text' || part.is === 'refusal' ? part.text : '')).join('');
}

function toolCall({ id, name, arguments: given, isCustom }: ToolCallContent, model: string): JsonObject {
	const text = isCustom === true ? JSON.stringify({ input: given }) : given || '{}';
	return { id: callId(id, model), type: 'function', function: { name, arguments: text } };
}
