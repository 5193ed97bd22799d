/** Words that YAML, in one version or another, takes for something else than text. */
const notText = /^(true|false|null|yes|no|on|off|y|n)$/i;

/** A text as a YAML scalar that means it, in a block, a flow list or as a key, with nothing interpolated. */
export function yamlText(text: string): string {
	const isName = /^[A-Za-z]([\w./:@+-]*[\w./@+-])?$/.test(text) && !notText.test(text);
	const isAmount = /^\d+(ms|s|m|h|KB|MB|GB)$/.test(text);
	return isName || isAmount ? text : yamlQuoted(text);
}

/** What JSON writes as it is, although YAML forbids it, takes it for the end of a line, or a terminal obeys it. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text in quotes, in which nothing is interpolated and no character is one that cannot be seen. */
export function yamlQuoted(text: string): string {
	return JSON.stringify(text.replace(/\$(?=\{)/g, '$$$$')).replace(unprintable, escaped);
}

/** Of one or two UTF-16 units, as YAML and JSON read it. */
function escaped(character: string): string {
	const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
	return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** A JSON value in YAML's flow style. */
export function yamlFlow(value: unknown): string {
	if (Array.isArray(value)) return `[${value.map(yamlFlow).join(', ')}]`;
	if (typeof value === 'string') return yamlText(value);
	if (typeof value !== 'object' || value === null) return String(value);
	const members = Object.entries(value).map(([key, member]) => `${yamlText(key)}: ${yamlFlow(member)}`);
	return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
