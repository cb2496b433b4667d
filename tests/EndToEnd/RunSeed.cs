using System.Globalization;
using Saga.Tests.EndToEnd.Crashes;
using Xunit;

namespace Saga.Tests.EndToEnd;

/// <summary>
/// Which sample of many cases a run takes: <c>SAGA_TEST_SEED</c>, or the number of the day, so that runs on different days cover
/// all cases and every run can be repeated. It is printed once.
/// </summary>
internal static class RunSeed
{
    private static readonly Lazy<int> Seed = new(Choose);

    /// <summary>Not negative.</summary>
    public static int Value => Seed.Value;

    /// <summary>Skips the test unless it is its turn. Several tests that take turns cost a run as much as one of them.</summary>
    /// <param name="turn">The test's own number, from 0.</param>
    /// <param name="of">How many turns there are. With <c>SAGA_CRASH_ALL=1</c> every test runs.</param>
    public static void RequireTurn(int turn, int of = 3)
    {
        if (!CrashWorlds.All && Value % of != turn)
            Assert.Skip("It runs in turn with others. SAGA_CRASH_ALL=1 runs all of them.");
    }

    private static int Choose()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SAGA_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            ? given
            : (int)(TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalDays;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"This run's samples: SAGA_TEST_SEED={seed}"));
        return seed;
    }
}
