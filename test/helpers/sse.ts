/** The parsed JSON of every event in a text that holds nothing but `data: …` events. Throws on anything else. */
export function parseEvents(text: string): Chunk[] {
	if (text === '') return [];
	if (!text.endsWith('\n\n')) throw new Error('the last event does not end');
	return text
		.slice(0, -2)
		.split('\n\n')
		.map((event) => {
			if (!/^data: [^\r\n]*$/.test(event)) throw new Error('not an event of one data line');
			return JSON.parse(event.slice('data: '.length));
		});
}

export interface Chunk {
	model?: string;
	choices?: { delta?: { content?: string } }[];
	usage?: object;
}

/** The text that the events say. */
export function contentOf(text: string): string {
	return parseEvents(text)
		.map((chunk) => chunk.choices?.[0]?.delta?.content ?? '')
		.join('');
}
