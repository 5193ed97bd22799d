/** The words with which the dialects say that a part of a message is a picture, a file or a sound, and the members that hold it. */
const media = /"(?:image_url|input_image|image|input_audio|audio|input_file|file|document|computer_screenshot)"/;

/**
 * Whether a request can hold nothing but text, by a look at its bytes, which is far cheaper than to read it.
 * @param body of a request in any of the dialects
 */
export function holdsOnlyText(body: string): boolean {
	return !media.test(body);
}
