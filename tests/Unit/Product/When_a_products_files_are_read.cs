using Saga.Workers.Database.Product;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Product;

public sealed class When_a_products_files_are_read : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("saga-test-product-").FullName;

    [Fact]
    public void Should_be_in_the_order_of_their_numbers_with_seeds_and_queries()
    {
        Write("0002_b.sql", "select 2");
        Write("0001_a.sql", "\uFEFFselect 1\r\n");
        Write("seed/basic.sql", "select 3");
        Write("verify/01_all.sql", "select true");
        Write("README.md", "not read");

        var (files, faults) = ProductFolder.Read(folder);

        faults.ShouldBeEmpty();
        files.Migrations.All.Select(m => (m.Version, m.Name, m.Sql)).ShouldBe([(1, "0001_a", "select 1\n"), (2, "0002_b", "select 2")]);
        files.Seeds.Keys.ShouldBe(["basic"]);
        files.Verifications.Select(v => v.Path).ShouldBe(["verify/01_all.sql"]);
        files.IsSample.ShouldBeFalse();
    }

    [Theory]
    [InlineData("0001_a.sql 0003_c.sql", "0003_c.sql: Number 0002 is missing before it.")]
    [InlineData("0002_b.sql", "0002_b.sql: Number 0001 is missing before it.")]
    [InlineData("0001_a.sql 0001_b.sql", "0001_b.sql: 0001_a.sql has the same number.")]
    [InlineData("0001_a.sql 2_b.sql", "2_b.sql: The name must begin with four digits, such as 0001_patients.sql, then a-z, 0-9 and '_'.")]
    [InlineData("0001_a.sql seed/Gold.sql", "seed/Gold.sql: The name must be a plan's, such as seed/basic.sql.")]
    [InlineData("0001_a.sql seeds/basic.sql", "seeds/basic.sql: Files are read from the top, from seed and from verify only. Move it there, or give it another ending than .sql.")]
    [InlineData("0001_a.sql seed/eu/basic.sql", "seed/eu/basic.sql: Files are read from the top, from seed and from verify only. Move it there, or give it another ending than .sql.")]
    [InlineData("seed/basic.sql", "The folder * has no file such as 0001_patients.sql.")]
    public void Should_name_what_is_missing_or_misnamed(string names, string fault)
    {
        foreach (var name in names.Split(' '))
            Write(name, "select 1");

        ProductFolder.Read(folder).Faults.ShouldHaveSingleItem().ToString().ShouldBe(fault.Replace("*", folder, StringComparison.Ordinal));
    }

    [Fact]
    public void Should_not_be_looked_for_in_hidden_folders()
    {
        Write("0001_a.sql", "select 1");
        Write(".git/refs/heads/fix.sql", "0123");

        ProductFolder.Read(folder).Faults.ShouldBeEmpty();
    }

    [Fact]
    public void Should_be_utf8()
    {
        File.WriteAllBytes(Path.Combine(folder, "0001_a.sql"), [0x2d, 0x2d, 0xe9]);

        ProductFolder.Read(folder).Faults.ShouldHaveSingleItem().ToString().ShouldBe("0001_a.sql: The file must be UTF-8.");
    }

    [Fact]
    public void Should_be_refused_with_their_key_before_a_program_starts()
    {
        Write("0001_a.sql", "\ngrant select on a to public");

        var result = new ProductOptionsValidation().Validate(null, new ProductOptions { Migrations = folder });

        result.Failures.ShouldNotBeNull().ShouldContain(f => f.StartsWith("Saga:Product:Migrations: 0001_a.sql:2: Grants are the platform's", StringComparison.Ordinal));
        new ProductOptionsValidation().Validate(null, new ProductOptions { Migrations = Path.Combine(folder, "nowhere") }).Failures.ShouldNotBeNull()
            .ShouldHaveSingleItem().ShouldBe($"Saga:Product:Migrations: there is no folder {Path.Combine(folder, "nowhere")}.");
        new ProductOptionsValidation().Validate(null, new ProductOptions()).Succeeded.ShouldBeTrue("the sample");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
        File.WriteAllText(Path.Combine(folder, path), text);
    }
}
