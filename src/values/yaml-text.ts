/** Words that YAML, in one version or another, takes for something else than text. */
const notText = /^(true|false|null|yes|no|on|off|y|n)$/i;

/** A text as a YAML scalar that means it, in a block, a flow list or as a key, with nothing interpolated. */
export function yamlText(text: string): string {
	const isName = /^[A-Za-z]([\w./:@+-]*[\w./@+-])?$/.test(text) && !notText.test(text);
	const isAmount = /^\d+(ms|s|m|h|KB|MB|GB)$/.test(text);
	return isName || isAmount ? text : yamlQuoted(text);
}

/** A text in quotes, in which nothing is interpolated. */
export function yamlQuoted(text: string): string {
	return JSON.stringify(text.replace(/\$(?=\{)/g, '$$$$'));
}

/** A JSON value in YAML's flow style. */
export function yamlFlow(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(yamlFlow).join(', ')}]`;
	if (typeof value === 'string') return yamlText(value);
	if (typeof value !== 'object' || value === null) return String(value);
	const members = Object.entries(value).map(([key, member]) => `${yamlText(key)}: ${yamlFlow(member)}`);
	return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
