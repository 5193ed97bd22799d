/** A long text comes in pieces, so that a client shows it as one that grows; more of them would only be more envelopes. */
const MOST_PIECES = 200;
const SHORTEST_PIECE = 24;

/** A text in one piece, if it says anything. */
export function wholeText(text: string): readonly string[] {
	return text === '' ? [] : [text];
}

/** A text in pieces that end behind a white space where there is one near, and never within a character. */
export function piecesOf(text: string): string[] {
	const length = Math.max(SHORTEST_PIECE, Math.ceil(text.length / MOST_PIECES));
	const pieces: string[] = [];
	for (let start = 0; start < text.length; ) {
		const end = endOfPiece(text, start, start + length);
		pieces.push(text.slice(start, end));
		start = end;
	}
	return pieces;
}

function endOfPiece(text: string, start: number, wanted: number): number {
	if (wanted >= text.length) return text.length;
	const behindSpace = Math.max(text.lastIndexOf(' ', wanted - 1), text.lastIndexOf('\n', wanted - 1)) + 1;
	if (behindSpace > start + (wanted - start) / 2) return behindSpace;
	const isWithinPair = /[\ud800-\udbff]/.test(text.charAt(wanted - 1));
	return isWithinPair ? wanted + 1 : wanted;
}
