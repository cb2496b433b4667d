using System.Reflection;
using Npgsql;
using Xunit;
using Xunit.v3;

namespace Saga.Tests.Support;

/// <summary>
/// The databases that tests asked for on the shared server. Those of tests that ended are dropped while others run, because thousands
/// of registries take tens of gigabytes, and make checks that look at all databases slow. Those of fixtures stay.
/// </summary>
internal static class TestDatabases
{
    // A test disposes what it used after its end is reported. Others run meanwhile, but not this many.
    private const int LaterTests = 30;
    private static readonly Dictionary<string, List<string>> Used = [];
    private static readonly Queue<List<string>> Ended = new();

    /// <summary>Remembers that the running test uses a database.</summary>
    public static void Add(string name)
    {
        if (TestContext.Current.Test is not { } test)
            return;
        lock (Used)
        {
            if (!Used.TryGetValue(test.UniqueID, out var names))
                Used.Add(test.UniqueID, names = []);
            names.Add(name);
        }
    }

    /// <summary>Remembers that a test ended.</summary>
    public static void End(string test)
    {
        lock (Used)
            Ended.Enqueue(Used.Remove(test, out var names) ? names : []);
    }

    /// <summary>Drops the databases of tests that ended some time ago.</summary>
    /// <param name="admin">The superuser's connection string.</param>
    public static async Task DropFormerAsync(string admin)
    {
        var former = new List<string>();
        lock (Used)
        {
            while (Ended.Count > LaterTests)
                former.AddRange(Ended.Dequeue());
        }

        if (former.Count == 0)
            return;
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(admin) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        foreach (var name in former)
        {
            await using var drop = new NpgsqlCommand($"drop database if exists \"{name}\" with (force)", connection);
            await drop.ExecuteNonQueryAsync();
        }
    }
}

/// <summary>For a test assembly: drops the databases of its tests after their end.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class DropsDatabasesAttribute : BeforeAfterTestAttribute
{
    public override void After(MethodInfo methodUnderTest, IXunitTest test) => TestDatabases.End(test.UniqueID);
}
