using System.Globalization;
using System.Runtime.CompilerServices;
using Xunit;

namespace Saga.Tests.Support;

/// <summary>
/// A long test that takes turns with others. <see cref="RunSeed"/> says whose turn it is; the tests of one turn cost a run about as much as
/// those of another. With <c>SAGA_CRASH_ALL=1</c> all run.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactInTurnAttribute : FactAttribute
{
    /// <summary>Runs with consecutive seeds have run every test after so many.</summary>
    public const int Turns = 6;

    /// <param name="turn">The test's turn, from 0 to one less than <see cref="Turns"/>.</param>
    /// <param name="sourceFilePath">Filled in by the compiler.</param>
    /// <param name="sourceLineNumber">Filled in by the compiler.</param>
    public FactInTurnAttribute(int turn, [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(turn, Turns);
        if (!RunSeed.All && RunSeed.Value % Turns != turn)
            Skip = string.Create(CultureInfo.InvariantCulture, $"It has turn {turn} of {Turns}. SAGA_CRASH_ALL=1 runs all tests, SAGA_TEST_SEED={turn} those of this turn.");
    }
}
