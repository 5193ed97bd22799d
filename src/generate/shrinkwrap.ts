/** `package-lock.json`, as far as it matters here. */
export interface Lock {
	packages: Record<string, LockedPackage>;
	[field: string]: unknown;
}

export interface LockedPackage {
	dev?: boolean;
	/** Where it was fetched from: an address of somebody's registry. */
	resolved?: string;
	[field: string]: unknown;
}

/**
 * What `npm-shrinkwrap.json` of the published package says: of everything that its users install with it, the version that
 * was tested, with its checksum and without the address of a registry. Without it, `npm install --global` takes the newest
 * version of each that package.json allows; so it does for a tarball given by its path, as only a registry tells npm to look.
 * @param lock the parsed `package-lock.json`
 */
export function shrinkwrapOf({ packages, ...others }: Lock): Lock {
	const installed = Object.entries(packages).filter(([, { dev }]) => dev !== true);
	return { ...others, packages: Object.fromEntries(installed.map(([path, one]) => [path, published(one)])) };
}

function published({ resolved: _, devDependencies: __, ...one }: LockedPackage): LockedPackage {
	return one;
}
