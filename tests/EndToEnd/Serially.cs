using Saga.Tests.Support;
using Xunit;
using Xunit.v3;

// Each site is a control plane of its own, and the tests wait much of their time.
[assembly: Parallelization(MaxThreads = 3)]
[assembly: AssemblyFixture(typeof(StopsServers))]

namespace Saga.Tests.EndToEnd;

/// <summary>For tests that stop servers which all share, load the whole machine, or count its processes.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
