import { existsSync } from 'node:fs';
import { simulatedConfigFile } from '../values/package-paths.ts';
import { readEnvironment } from './dotenv.ts';
import { type ReadConfig, readConfig } from './load.ts';

/** Where a configuration is looked for when none is named, in the working directory. */
export const defaultConfigFile = 'config/gateway.yaml';

export interface FoundConfig extends ReadConfig {
	/** Nobody wrote a configuration: this is the one with the simulated providers. */
	isEmbedded: boolean;
}

/**
 * The configuration to run: the file that was named, else `config/gateway.yaml`, else the embedded default. Its variables
 * come from the environment, and from `.env` in the working directory.
 * @throws ConfigError with every problem of the file
 */
export function findConfig(file: string | undefined): FoundConfig {
	const { variables } = readEnvironment(process.env);
	if (file !== undefined) return { ...readConfig(file, variables), isEmbedded: false };
	if (existsSync(defaultConfigFile)) return { ...readConfig(defaultConfigFile, variables), isEmbedded: false };
	return { ...readConfig(simulatedConfigFile, variables), isEmbedded: true };
}
