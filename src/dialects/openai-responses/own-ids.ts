/**
 * Ids that Breakwater gives out where it writes an answer itself. Nobody keeps what they name: they must not be sent to a
 * provider, which would look for it.
 */
export function ownId(kind: 'resp' | 'msg' | 'rs' | 'fc' | 'ctc' | 'call', requestId: string, count?: number): string {
	const place = count === undefined ? '' : `_${count}`;
	return `${kind}_bw_${requestId}${place}`;
}

export function isOwnId(id: unknown): boolean {
	return typeof id === 'string' && /^[a-z]+_bw_/.test(id);
}
