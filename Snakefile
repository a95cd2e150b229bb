# The front door. The workflow itself lies in workflow/, where an installed cisflow and other
# workflows (Snakemake's `module`) find it too.
include: "workflow/Snakefile"


# An included file's default target stays there.
rule publication:
    default_target: True
    input:
        rules.all.input,
