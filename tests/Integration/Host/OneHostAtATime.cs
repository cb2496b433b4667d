namespace Saga.Tests.Integration.Host;

/// <summary>The collection of tests that start hosts at the default address: two that start at once may choose the same free port.</summary>
internal static class OneHostAtATime
{
    public const string Name = "hosts";
}
