namespace Saga.Registry.Schema;

/// <summary>The registry is older than this program, whose user may not migrate it. The message says what to do.</summary>
public sealed class RegistryNotMigratedException : Exception
{
    private RegistryNotMigratedException(string message)
        : base(message)
    {
    }

    internal static RegistryNotMigratedException Missing(string migration, string user) =>
        new($"the registry lacks migration {migration}, and {user} may not apply it. Run 'Saga.Host migrate registry' as the registry's owner.");

    internal static RegistryNotMigratedException Unreadable(string user) =>
        new($"{user} may not read the registry, or it is not migrated. Run 'Saga.Host migrate registry' as its owner, and make {user} a member of the program's role.");
}
