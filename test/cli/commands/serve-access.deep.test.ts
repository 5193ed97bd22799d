import { describeHosts, localHosts, openHosts } from './describe-hosts.ts';

describeHosts(openHosts, localHosts);
