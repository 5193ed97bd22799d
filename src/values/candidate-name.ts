/** A target, with the number of its key where the provider has several: `openai/gpt-5.4 (#2)`. */
export function candidateName({ target, credential }: { target: string; credential: string }): string {
	const number = credential.indexOf('#');
	return number === -1 ? target : `${target} (${credential.slice(number)})`;
}
