import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { simulatedConfigFile } from '../paths.ts';

/** Where a configuration is looked for when none is named, in the working directory. */
export const defaultConfigFile = 'config/gateway.yaml';

export interface FoundConfig {
	config: Config;
	/** Nobody wrote a configuration: this is the one with the simulated providers. */
	isEmbedded: boolean;
}

/**
 * The configuration to run: the file that was named, else `config/gateway.yaml`, else the embedded default.
 * @throws ConfigError with every problem of the file
 */
export function findConfig(file: string | undefined): FoundConfig {
	if (file !== undefined) return { config: loadConfig(file, process.env), isEmbedded: false };
	if (existsSync(defaultConfigFile)) return { config: loadConfig(defaultConfigFile, process.env), isEmbedded: false };
	return { config: loadConfig(simulatedConfigFile, process.env), isEmbedded: true };
}
