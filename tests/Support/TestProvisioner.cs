using Npgsql;
using Saga.Workers.Database.Preparation;

namespace Saga.Tests.Support;

/// <summary>The login of every test's workers on database servers.</summary>
public static class TestProvisioner
{
    private static readonly Provisioner Login = new(Provisioner.DefaultName, "provisioner");

    /// <summary>Prepares a server.</summary>
    /// <param name="admin">A superuser's connection string.</param>
    public static Task PrepareAsync(string admin) => ServerPreparation.RunAsync(admin, Login);

    /// <summary>The workers' connection string of a server that is prepared.</summary>
    public static string On(string admin) =>
        new NpgsqlConnectionStringBuilder(admin) { Username = Login.Name, Password = Login.Password }.ConnectionString;
}
