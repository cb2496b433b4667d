using Saga.Tests.Support;
using Xunit;

// The tests share servers, and some stop them.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(StopsServers))]
