using Microsoft.Extensions.Configuration;
using Npgsql;
using Saga.Host.Startup;
using Saga.Workers.Database.Preparation;
using Saga.Workers.Database.Servers;

namespace Saga.Host.Commands;

/// <summary>Prepares the configured database servers for workers that are no superusers, or prints what a superuser shall run.</summary>
internal static class PrepareCommand
{
    public static async Task<int> RunAsync(IConfiguration configuration, CancellationToken cancellationToken)
    {
        var options = configuration.GetSection(PrepareOptions.Section).Get<PrepareOptions>() ?? new PrepareOptions();
        foreach (var (name, workers) in Servers(configuration, options))
        {
            var provisioner = new Provisioner(workers.Username!, workers.Password);
            if (options.Print)
            {
                await Console.Out.WriteLineAsync($"-- Database server {name}");
                await Console.Out.WriteLineAsync(ServerPreparation.Script(provisioner));
                continue;
            }

            await PrepareAsync(name, Superuser(workers, options), provisioner, cancellationToken);
            await Console.Out.WriteLineAsync($"Database server {name} is prepared; its workers sign in as {provisioner.Name}.");
        }

        return 0;
    }

    private static async Task PrepareAsync(string name, string superuser, Provisioner provisioner, CancellationToken cancellationToken)
    {
        try
        {
            await ServerPreparation.RunAsync(superuser, provisioner, everyDatabase: true, cancellationToken);
        }
        catch (ServerPreparationException e)
        {
            throw new StartException($"Database server {name}: {e.Message}");
        }
        catch (NpgsqlException e)
        {
            throw new StartException($"Database server {name} was not prepared: {e.Message}. {PrepareOptions.Section}:Username and :Password must be a superuser's; the address is that of Saga:Databases:Servers:{name}:ConnectionString.");
        }
    }

    private static string Superuser(NpgsqlConnectionStringBuilder workers, PrepareOptions options) =>
        new NpgsqlConnectionStringBuilder(workers.ConnectionString) { Username = options.Username, Password = options.Password }.ConnectionString;

    private static List<(string Name, NpgsqlConnectionStringBuilder Workers)> Servers(IConfiguration configuration, PrepareOptions options)
    {
        var servers = (configuration.GetSection(DatabasesOptions.Section).Get<DatabasesOptions>() ?? new DatabasesOptions()).Servers
            .Where(s => options.Server is null || s.Key == options.Server).OrderBy(s => s.Key, StringComparer.Ordinal).ToList();
        if (servers.Count == 0)
        {
            throw new StartException(options.Server is { } server
                ? $"{PrepareOptions.Section}:Server is '{server}', but {DatabasesOptions.Section}:Servers names no such server."
                : $"{DatabasesOptions.Section}:Servers must name the servers to prepare, such as {DatabasesOptions.Section}:Servers:main:ConnectionString, with the username and password that workers shall have.");
        }

        return [.. servers.Select(s => (s.Key, Parse(s.Key, s.Value.ConnectionString)))];
    }

    private static NpgsqlConnectionStringBuilder Parse(string name, string text)
    {
        try
        {
            if (new NpgsqlConnectionStringBuilder(text) is { Host.Length: > 0, Username.Length: > 0, Password.Length: > 0 } parsed)
                return parsed;
        }
        catch (ArgumentException)
        {
            // The value is not repeated in the message, because it may contain a password.
        }

        throw new StartException($"{DatabasesOptions.Section}:Servers:{name}:ConnectionString must be an Npgsql connection string with Host, and the Username and Password that workers shall have.");
    }
}
