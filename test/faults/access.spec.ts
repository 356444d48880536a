import { serverPlace, type ServerPlace } from '../support/fault-place.js';
import type { Fault } from '../support/fault-run.js';
import { testFaults } from '../support/fault-suite.js';

const LOGIN = { username: 'app', password: 'right' };
const ALLOWED = ['on', `>${LOGIN.password}`, '~*', '&*', '+@all'];

function asUser(
  name: string,
  strike: Fault<ServerPlace>['strike'],
  rules: readonly string[],
): Fault<ServerPlace> {
  return {
    name,
    place: () =>
      serverPlace({ login: LOGIN, prepare: (client) => client.acl('SETUSER', LOGIN.username, ...ALLOWED) }),
    strike,
    repair: ({ ask }) => ask((client) => client.acl('SETUSER', LOGIN.username, ...rules)),
  };
}

/** What the user may do is taken away while connections are open. */
function noLonger(command: string): Fault<ServerPlace> {
  const strike = ({ ask }: ServerPlace) =>
    ask((client) => client.acl('SETUSER', LOGIN.username, `-${command}`));
  return asUser(`NOPERM for ${command.toUpperCase()}`, strike, [`+${command}`]);
}

const faults = [
  asUser(
    'wrong password, then right',
    ({ ask }) =>
      ask(async (client) => {
        await client.acl('SETUSER', LOGIN.username, 'resetpass', '>wrong');
        await client.client('KILL', 'USER', LOGIN.username);
      }),
    ['resetpass', `>${LOGIN.password}`],
  ),
  noLonger('unlink'),
  noLonger('evalsha'),
  noLonger('publish'),
  noLonger('@all'),
];

testFaults('with a user who may not, no call suffers, and with one who may nothing is stale:', faults);
