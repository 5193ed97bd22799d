import { styleText } from 'node:util';
import { defaultConfigFile } from '../../config/find-config.ts';
import { discoveryText } from '../../setup/discovery-text.ts';
import { discover } from '../../setup/surroundings.ts';

export interface DiscoverFlags {
	json?: boolean;
	port?: number;
}

/** Looks around and prints what is there, on standard output. Whatever it finds, it has done what it was asked for. */
export async function discoverCommand({ json, port }: DiscoverFlags): Promise<void> {
	const { discovery } = await discover({ file: defaultConfigFile, port }, process.env);
	const paint = (...[color, text]: Parameters<Parameters<typeof discoveryText>[1]>) =>
		styleText(color, text, { stream: process.stdout });
	process.stdout.write(json ? `${JSON.stringify(discovery, null, 2)}\n` : discoveryText(discovery, paint));
}
