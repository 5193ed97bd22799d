/** Of English text, and roughly of anything else. */
const CHARACTERS_PER_TOKEN = 4;

/** About how many tokens so many characters are. */
export function tokensOf(characters: number): number {
	return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}
