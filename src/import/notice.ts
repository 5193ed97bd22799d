/** Something that an import has to say about a file that it read. Lines and columns count from 1. */
export interface Notice {
	/** `error`: this part was not imported. `warning`: it was, and something of it has no equivalent. */
	severity: 'error' | 'warning';
	file: string;
	line: number;
	column: number;
	/** One clear sentence; never a value of the file. */
	message: string;
}

/** A notice as a compiler writes it: `config/think.json:4:5: warning: …`. */
export function noticeText({ severity, file, line, column, message }: Notice): string {
	return `${printable(file)}:${line}:${column}: ${severity}: ${message}`;
}

/** Foreign words, such as names of fields, fit for a terminal and a comment. */
export function shown(word: string): string {
	const plain = printable(word);
	return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}

/** Without what a terminal would obey. */
function printable(text: string): string {
	return text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
}
