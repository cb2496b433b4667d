using System.Globalization;
using Xunit.v3;

namespace Saga.Tests.Support;

/// <summary>
/// Long tests that take turns with others, so that <c>./dev test</c> takes minutes: it leaves out those whose turn it is not, by their trait.
/// The number of the day or <c>SAGA_TEST_SEED</c> says whose turn it is. <c>SAGA_TEST_ALL=1</c> runs all; so does a test program without filters.
/// For end-to-end tests; <c>dev</c> lets the classes of the integration suite take turns by their names.
/// </summary>
/// <param name="turn">From 0. The tests of one turn cost a run about as much as those of another.</param>
/// <param name="of">How many turns there are; <c>dev</c> knows 3 and 6.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class InTurnAttribute(int turn, int of) : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() =>
        [new("turn", string.Create(CultureInfo.InvariantCulture, $"{turn} of {of}"))];
}
