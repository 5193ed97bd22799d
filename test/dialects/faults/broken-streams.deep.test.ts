import { describeBrokenStreams } from './describe-broken-streams.ts';
import { everyFault } from './fault-share.ts';

describeBrokenStreams(everyFault);
