using Saga.Tests.Support;
using Xunit;

[assembly: AssemblyFixture(typeof(StopsServers))]
