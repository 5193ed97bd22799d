/** Whether a text is given by the numbers of its tokens. */
export function isTokenList(value: unknown): value is readonly number[] {
	return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
}
