import { describeBrokenStreams } from './describe-broken-streams.ts';
import { shareOf } from './fault-share.ts';

describeBrokenStreams(shareOf);
