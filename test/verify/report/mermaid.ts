/**
 * Reads a sequence diagram by the rules of Mermaid, as far as our diagrams use them, and strictly.
 * @returns the ids of its participants with their names, and its messages and notes with the entities resolved
 * @throws Error at the first line that Mermaid would not understand, or understand otherwise
 */
export function readMermaid(text: string): { participants: Map<string, string>; messages: string[]; notes: string[] } {
	const participants = new Map<string, string>();
	const messages: string[] = [];
	const notes: string[] = [];
	let depth = 0;
	const [first, ...lines] = text.trimEnd().split('\n');
	if (first !== 'sequenceDiagram') throw new Error(`begins with ${first}`);
	if (text.length > 50_000) throw new Error('is longer than Mermaid allows');

	const known = (id = ''): void => {
		if (!participants.has(id)) throw new Error(`${id} is no participant`);
	};
	for (const line of lines.map((one) => one.trim())) {
		const participant = /^participant (\w+) as (.+)$/.exec(line);
		const message = /^(\w+)(?:->>|-->>)(\w+): (.+)$/.exec(line);
		const note = /^Note over (\w+): (.+)$/.exec(line);
		if (participant !== null) {
			if (participants.has(participant[1] ?? '')) throw new Error(`${participant[1]} comes twice`);
			participants.set(participant[1] ?? '', plain(participant[2]));
		} else if (message !== null) {
			known(message[1]);
			known(message[2]);
			messages.push(plain(message[3]));
		} else if (note !== null) {
			known(note[1]);
			notes.push(plain(note[2]));
		} else if (/^rect rgba\(\d+, \d+, \d+, [\d.]+\)$/.test(line)) {
			depth += 1;
		} else if (line === 'end') {
			depth -= 1;
			if (depth < 0) throw new Error('ends what did not begin');
		} else throw new Error(`is not understood: ${line}`);
	}
	if (depth !== 0) throw new Error('is not closed');
	return { participants, messages, notes };
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

function plain(text = ''): string {
	const left = text.replaceAll('<br/>', ' ').replace(/#(\w+);/g, '');
	if (/[#;<>]|%%|\$\$/.test(left)) throw new Error(`is not escaped: ${text}`);
	return text
		.replaceAll('<br/>', ' ')
		.replace(/#(\w+);/g, (_all, name: string) => entities[name] ?? String.fromCharCode(Number(name)));
}
