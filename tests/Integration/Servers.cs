using Saga.Tests.Support;
using Xunit;
using Xunit.v3;

// More than a small machine has cores, because most tests wait for servers, leases and pauses much of their time.
[assembly: Parallelization(MaxThreads = 4)]
[assembly: AssemblyFixture(typeof(StopsServers))]
[assembly: DropsDatabases]
