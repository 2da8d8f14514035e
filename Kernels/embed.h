// One entry of the table of embedded texts, for the file FILE. Included once per file.
{FILE, (const char[]){
#embed FILE suffix(, 0)
}},
#undef FILE
