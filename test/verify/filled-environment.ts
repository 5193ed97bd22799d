/** Every variable that a configuration needs, with a value that is a key as well as an address. */
export function filledEnvironment(text: string): Record<string, string> {
	const variables = [...text.matchAll(/\$\{(\w+)\}/g)].map(([, variable = '']) => variable);
	return Object.fromEntries(variables.map((variable) => [variable, `https://planted.example/${variable}`]));
}
