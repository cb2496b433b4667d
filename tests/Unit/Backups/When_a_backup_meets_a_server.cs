using Saga.Contracts.Steps;
using Saga.Workers.Backup.Restore;
using Saga.Workers.Backup.Rows;
using Saga.Workers.Backup.Tools;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Backups;

public sealed class When_a_backup_meets_a_server
{
    private static readonly Guid Backup = Guid.NewGuid();

    [Theory]
    [InlineData("17.2", null, "16.4", null, "server-older", "is from PostgreSQL 17, and database server 'main' is PostgreSQL 16.")]
    [InlineData("17.2", "17.2", "16.4", "18.0", "server-older", "is from PostgreSQL 17, and database server 'main' is PostgreSQL 16.")]
    [InlineData("16.4", "16.4", "16.4", null, "pg-restore-too-old", "pg_restore was not found on this machine")]
    [InlineData("15.1", "15.1", "17.2", "16.4", "pg-restore-too-old", "/bin/pg_restore has version 16.4 and cannot work with database server 'main', which is PostgreSQL 17.")]
    [InlineData("15.1", "18.0", "16.4", "17.2", "pg-restore-too-old", "/bin/pg_restore has version 17.2 and cannot read what pg_dump 18.0 wrote.")]
    public void Should_not_be_restored_there(string from, string? dump, string to, string? tool, string code, string message)
    {
        var failure = Refusal(from, dump, to, tool).ShouldNotBeNull();

        (failure.Code, failure.Transient).ShouldBe((code, false));
        failure.Message.ShouldContain(message);
        failure.Remedy.ShouldNotBeNull().ShouldEndWith("then send the command again.", Case.Insensitive);
    }

    [Theory]
    [InlineData("16.4", "16.4", "16.4", "16.4")]
    [InlineData("15.1", "16.4", "17.2", "18.0")]
    [InlineData("15.1", null, "17.2", null)]
    public void Should_be_restored_on_a_server_as_new_with_a_program_as_new(string from, string? dump, string to, string? tool) => Refusal(from, dump, to, tool).ShouldBeNull();

    private static Failure? Refusal(string from, string? dump, string to, string? tool) => BackupServerCheck.Refusal(
        Backup, new RowsDetails { Schema = "product", ServerVersion = from, DumpVersion = dump }, "main", Version.Parse(to), tool is null ? null : new PostgresTool("/bin/pg_restore", Version.Parse(tool)))?.Failure;
}
