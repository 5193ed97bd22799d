import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../values/package-paths.ts';
import { shrinkwrapOf } from './shrinkwrap.ts';

// Only while the package is packed: in a checkout npm would read it in the place of package-lock.json.
const lock = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8'));
writeFileSync(join(packageRoot, 'npm-shrinkwrap.json'), `${JSON.stringify(shrinkwrapOf(lock), null, 2)}\n`);
