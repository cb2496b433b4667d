namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>The programs of the version before, as <c>./dev test</c> builds them.</summary>
/// <param name="Checkout">A checkout of that version, in which its programs are built.</param>
internal sealed record FormerPrograms(string Checkout)
{
    private const string Variable = "SAGA_TEST_FORMER_CHECKOUT";

    /// <summary>Those in the folder that the environment names. The test is skipped if it names none.</summary>
    public static FormerPrograms FromEnvironment()
    {
        var checkout = Environment.GetEnvironmentVariable(Variable);
        Xunit.Assert.SkipWhen(string.IsNullOrEmpty(checkout), $"{Variable} names no checkout of the version before with its programs built.");
        return new(checkout!);
    }

    /// <summary>The path of a program, such as <c>Saga.Api</c>.</summary>
    public string Find(string program) => Path.Combine(Checkout, "src", program["Saga.".Length..], "bin", "Release", "net10.0", program);
}
