import { randomUUID } from 'node:crypto';

/** In which a request names every Breakwater that it came through, so that one that goes in a circle is found out. */
export const viaHeader = 'x-breakwater-via';

/** This process, in that header. */
export const ownId = randomUUID();
